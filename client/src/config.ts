import { type Options } from './options.js';
import { ask } from './wire.js';

/** A backend that people can sign in with. */
export interface Provider {
  name: string;
  label: string;
  /** Signing in happens at another site: such a provider gets a button. */
  redirect: boolean;
}

/** One line of the server's onError table. */
export interface OnErrorRule {
  /** Statuses and ranges, separated by commas, such as "401" or "500-599". */
  status: string;
  refresh?: boolean;
  logout?: boolean;
  redirectTo?: string;
}

/** What authd tells everybody about itself. */
export interface ServerConfig {
  providers: Provider[];
  /** The methods that are in use, by their names in the contract. */
  methods: string[];
  onError: OnErrorRule[];
  transports: string[];
}

/** Asks authd for its public configuration. It rejects if there is no answer. */
export async function loadConfig(options: Options | string = {}): Promise<ServerConfig> {
  const answer = await ask(typeof options === 'string' ? { baseUrl: options } : options, '/config');
  if (answer.status !== 200) throw new Error(`authd answered its configuration with ${answer.status || 'nothing'}`);
  if (!['providers', 'methods', 'onError'].every((name) => Array.isArray(answer.body[name]))) throw new Error('what answered is not authd');
  return answer.value as ServerConfig;
}

/** What holds if authd cannot be asked: a 401 ends a session that cannot be refreshed. */
const fallback: OnErrorRule[] = [{ status: '401', refresh: true, logout: true }];

/** Looks up the onError table, once it is needed, until there was an answer. */
export function onErrorTable(options: Options): () => Promise<OnErrorRule[]> {
  let table: Promise<OnErrorRule[]> | undefined = options.config && Promise.resolve(options.config.onError);
  return () => {
    table ??= loadConfig(options)
      .then((c) => c.onError)
      .catch(() => {
        table = undefined;
        return fallback;
      });
    return table;
  };
}

/** The first rule for a status. */
export function match(table: OnErrorRule[], status: number): OnErrorRule | undefined {
  return table.find((rule) =>
    String(rule?.status).split(',').some((part) => {
      const [first, last] = part.split('-').map(Number);
      return first !== undefined && status >= first && status <= (last ?? first);
    }),
  );
}
