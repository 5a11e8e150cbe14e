// The night watch on the dashboard of Airflow's UI, which takes a React component by its plugin's name and brings React along.
// What was found in logs stays in the frame, where no script runs.
globalThis["Night watch card"] = function NightWatchCard() {
  const { createElement, useEffect, useRef, useState } = globalThis.React;
  const frame = useRef(null);
  const [page, setPage] = useState(null);
  const [height, setHeight] = useState(0);

  useEffect(() => {
    if (!page) return undefined;
    const follow = new ResizeObserver(() => setHeight(page.body ? page.body.scrollHeight : 0));
    follow.observe(page.documentElement);
    return () => follow.disconnect();
  }, [page]);

  return createElement("iframe", {
    ref: frame,
    title: "Night watch",
    src: new URL("night-watch/card", document.baseURI).href,
    sandbox: "allow-same-origin allow-top-navigation-by-user-activation",
    onLoad: () => setPage(frame.current.contentDocument),
    style: { border: 0, height, order: 3, width: "100%" },
  });
};
