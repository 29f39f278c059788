// For the tests: a page that has window.__calls before this runs gets a record
// of each call of the provider, and whether it resolved.
type Call = { method: string; state: 'pending' | 'resolved' | 'rejected'; result?: unknown };

export function observed<T extends object>(provider: T): T {
  const calls = (window as { __calls?: Call[] }).__calls;
  if (!calls) return provider;
  const wrap = (method: string, call: (...args: unknown[]) => Promise<unknown>) => (...args: unknown[]) => {
    const entry: Call = { method, state: 'pending' };
    calls.push(entry);
    return call(...args).then(
      (result) => (Object.assign(entry, { state: 'resolved', result }), result),
      (error) => (Object.assign(entry, { state: 'rejected', result: String(error) }), Promise.reject(error)),
    );
  };
  return Object.fromEntries(Object.entries(provider).map(([name, call]) => [name, wrap(name, call)])) as T;
}
