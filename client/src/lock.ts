type Locks = { request<T>(name: string, options: { signal?: AbortSignal }, run: () => Promise<T>): Promise<T> };

/** How long another tab may hold the lock. One that sleeps must not stop the others. */
const patience = 10_000;

/**
 * Runs one caller at a time in all tabs of the browser, by the Web Locks API.
 * Where that is missing, tabs may run together, which authd's refresh bears.
 */
export async function exclusively<T>(name: string, run: () => Promise<T>): Promise<T> {
  const locks = (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
  if (!locks) return run();
  let begun = false;
  const wait = new AbortController();
  const timer = setTimeout(() => wait.abort(), patience);
  try {
    return await locks.request(name, { signal: wait.signal }, () => {
      begun = true;
      clearTimeout(timer);
      return run();
    });
  } catch (error) {
    if (begun) throw error;
    return run();
  } finally {
    clearTimeout(timer);
  }
}
