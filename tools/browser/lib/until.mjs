// Waiting for what has no event.

/** Waits until check answers something true, and returns it. */
export async function until(what, check, { timeout = 15_000, every = 25 } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const got = await check();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}`);
    await sleep(every);
  }
}

/** Waits that many milliseconds: for tests that say what does not happen. */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
