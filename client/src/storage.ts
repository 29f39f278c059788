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

/** localStorage, which tabs share. Some browsers refuse it: private modes, blocked site data. */
export function tabStorage(): Storage {
  const shared = () => (globalThis as { localStorage?: globalThis.Storage }).localStorage;
  return {
    get: (key) => shared()?.getItem(key),
    set: (key, value) => {
      const s = shared();
      if (!s) throw new Error('there is no localStorage');
      s.setItem(key, value);
    },
    remove: (key) => shared()?.removeItem(key),
  };
}

export interface SturdyStorage {
  get(key: string): Promise<string | null | undefined>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** A storage that never fails: what it does not take lives as long as the page. */
export function sturdy(storage: Storage): SturdyStorage {
  const refused = new Map<string, string>();
  const remove = async (key: string) => {
    refused.delete(key);
    try {
      await storage.remove(key);
    } catch {
      // what cannot be written to holds nothing of ours
    }
  };
  return {
    remove,
    async get(key) {
      try {
        return refused.get(key) ?? (await storage.get(key));
      } catch {
        return undefined;
      }
    },
    async set(key, value) {
      try {
        await storage.set(key, value);
        refused.delete(key);
      } catch {
        await remove(key); // or it would come back, older, on the next page
        refused.set(key, value);
      }
    },
  };
}
