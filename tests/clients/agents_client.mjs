// Makes calls through Vercel's AI SDK and appends its spans as OTLP JSON, a request a line: node agents_client.mjs URL OUT
//
// Run with a copy of this file inside the folder that tests/clients/install.sh has filled: packages are looked for beside it.
import { appendFileSync } from "node:fs";

import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { context, trace } from "@opentelemetry/api";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [url, out] = process.argv.slice(2);
const exporter = {
  export(spans, done) {
    appendFileSync(out, Buffer.concat([Buffer.from(JsonTraceSerializer.serializeRequest(spans)), Buffer.from("\n")]));
    done({ code: 0 });
  },
  shutdown: async () => {},
  forceFlush: async () => {},
};
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);

const model = createOpenAICompatible({ name: "local", baseURL: url, apiKey: "sk-test-secret-key", includeUsage: true })("gpt-4o");
const telemetry = { isEnabled: true, functionId: "shop", metadata: { userId: "user-7", sessionId: "session-9" } };
const weather = tool({
  description: "The weather of a city.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `-3 degrees in ${city}`,
});
const shared = { model, system: "Be brief.", experimental_telemetry: telemetry };

await generateText({ ...shared, prompt: "Is it open?" });
await generateText({ ...shared, prompt: "Weather in Oslo?", tools: { weather }, stopWhen: stepCountIs(2) });
for await (const _ of streamText({ ...shared, prompt: "Is it open?" }).textStream);
await provider.forceFlush();
