"""A language model as judge: any rubric over any OpenAI-compatible endpoint, as evaluators beside the local ones.

rubric    what is asked and on which scale           prompt    the request: instructions, and log text fenced as data
verdict   what the reply says, and how surely        endpoint  one HTTP call: deadline, bounded reply, no key in any message
texts     the texts of a case that a rubric reads    batches   a day's questions through a batch API, at a lower price
ledger    what processes share: cached verdicts, the day's spending, pace and slots
asking    one verdict: cache, slot, retries, cost     evaluator  the Judge; pairwise: two answers, asked in both orders
cascade   the local evaluator first, the judge where it is unsure
"""
