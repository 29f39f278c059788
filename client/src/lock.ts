type Options = { signal?: AbortSignal; ifAvailable?: boolean };
type Locks = { request<T>(name: string, options: Options, run: (lock: unknown) => Promise<T>): Promise<T> };

/** How long another tab may hold the lock, in milliseconds. One that sleeps must not stop the others. */
const patience = 10_000;

/** How long what another tab has stored may take to be seen here, in milliseconds: the lock is faster. */
const settling = 60;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/**
 * Runs one caller at a time in all tabs of the browser, by the Web Locks API.
 * Who had to wait sees what the one before stored. Where the API is missing,
 * tabs may run together, which authd's refresh bears.
 */
export async function exclusively<T>(name: string, run: () => Promise<T>): Promise<T> {
  const locks = (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
  if (!locks) return run();
  let begun = false;
  const once = () => {
    begun = true;
    return run();
  };
  const wait = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const free = await locks.request(name, { ifAvailable: true }, async (lock) => (lock ? { result: await once() } : undefined));
    if (free) return free.result;
    timer = setTimeout(() => wait.abort(), patience);
    return await locks.request(name, { signal: wait.signal }, async () => {
      clearTimeout(timer);
      await pause(settling);
      return once();
    });
  } catch (error) {
    if (begun) throw error;
    return run(); // out of patience, or in a page that may not lock, such as a sandboxed frame
  } finally {
    clearTimeout(timer);
  }
}
