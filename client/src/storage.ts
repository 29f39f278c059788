/** Keeps one text by name. Methods may be asynchronous. */
export interface Storage {
  get(key: string): string | null | undefined | Promise<string | null | undefined>;
  set(key: string, value: string): void | Promise<void>;
  remove(key: string): void | Promise<void>;
}

/** Forgets with the page. Tabs do not share it. */
export function memoryStorage(): Storage {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
  };
}

/**
 * localStorage, which tabs share. Where the browser refuses it (private modes,
 * blocked site data), what was set lives as long as the page.
 */
export function defaultStorage(): Storage {
  const fallback = memoryStorage();
  const attempt = <T>(use: (s: globalThis.Storage) => T, otherwise: () => T): T => {
    try {
      const s = (globalThis as { localStorage?: globalThis.Storage }).localStorage;
      return s ? use(s) : otherwise();
    } catch {
      return otherwise();
    }
  };
  return {
    get: (key) => attempt((s) => s.getItem(key), () => null) ?? fallback.get(key),
    set: (key, value) => attempt((s) => s.setItem(key, value), () => fallback.set(key, value) as void),
    remove: (key) => {
      attempt((s) => s.removeItem(key), () => undefined);
      return fallback.remove(key);
    },
  };
}
