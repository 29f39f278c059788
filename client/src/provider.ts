import { match, onErrorTable } from './config.js';
import { loginPath, page, type Options } from './options.js';
import { cameFrom, isPath, leave, withoutQuery } from './redirect.js';
import { Session } from './session.js';
import { ask, outage, text, type Answer } from './wire.js';

/** Why something was refused, as refine shows it: a title and a text. */
export interface Failure {
  name: string;
  message: string;
  statusCode?: number;
  /** authd's outcome code, such as invalid_credentials. */
  code?: string;
  /** With action_required: the step that is due, such as new_password. */
  action?: string;
  /** What is wrong, by field. */
  errors?: Record<string, string>;
}

export interface ActionAnswer {
  success: boolean;
  redirectTo?: string;
  error?: Failure;
  successNotification?: { message: string; description?: string };
  [key: string]: unknown;
}

export interface CheckAnswer {
  authenticated: boolean;
  redirectTo?: string;
  logout?: boolean;
  error?: Failure;
}

export interface ErrorAnswer {
  logout?: boolean;
  redirectTo?: string;
  error?: Failure;
}

/** refine's AuthProvider, of version 5 and version 4. No method ever rejects. */
export interface AuthProvider {
  login(params: unknown): Promise<ActionAnswer>;
  logout(params?: unknown): Promise<ActionAnswer>;
  check(params?: unknown): Promise<CheckAnswer>;
  onError(error: unknown): Promise<ErrorAnswer>;
  register?(params: unknown): Promise<ActionAnswer>;
  forgotPassword?(params: unknown): Promise<ActionAnswer>;
  updatePassword?(params: unknown): Promise<ActionAnswer>;
  getPermissions?(params?: unknown): Promise<unknown>;
  getIdentity?(params?: unknown): Promise<unknown>;
}

/** Makes refine's authProvider for version 5 and version 4. */
export function createAuthProvider(options: Options = {}): Required<AuthProvider> {
  return steady(options, fitted(options, allMethods(options, new Session(options))));
}

/**
 * The last resort. Whatever authd, the network or the browser do is answered
 * where it happens; this is for what an app hands in, such as a getter that
 * throws, because refine shows nothing at all where a method rejects.
 */
function steady<T extends object>(options: Options, methods: T): T {
  const otherwise: Record<string, unknown> = {
    logout: { success: true, redirectTo: loginPath(options) },
    check: { authenticated: false, redirectTo: withoutQuery(loginPath(options)) },
    onError: {},
    getPermissions: null,
    getIdentity: null,
  };
  const guard = (name: string, method: (params: unknown) => Promise<unknown>) => async (params: unknown) => {
    try {
      return await method(params);
    } catch (error) {
      console.error(error);
      return name in otherwise ? otherwise[name] : { success: false, error: { ...unclear, message: 'Please try again.' } };
    }
  };
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, guard(name, method)])) as T;
}

const unclear = { name: 'Something went wrong' };

/** Leaves out what the server does not have, if options.config says so. */
function fitted(options: Options, all: Required<AuthProvider>): Required<AuthProvider> {
  const has = options.config?.methods;
  if (!has) return all;
  const always = ['login', 'logout', 'check', 'onError'];
  return Object.fromEntries(Object.entries(all).filter(([name]) => always.includes(name) || has.includes(name))) as unknown as Required<AuthProvider>;
}

/** What refine, its router and react-query mix into the parameters. It is no answer of the user's. */
const foreign = ['to', 'current', 'currentPage', 'pageSize', 'client', 'meta', 'queryKey', 'signal', 'pageParam'];

/** The fields of a form: plain values, and only those. */
function fields(params: unknown, only?: readonly string[]): Record<string, unknown> {
  if (typeof params !== 'object' || params === null) return {};
  return Object.fromEntries(
    Object.entries(params).filter(
      ([name, value]) => (only ? only.includes(name) : !foreign.includes(name)) && value !== undefined && plain(value),
    ),
  );
}

function plain(value: unknown): boolean {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true;
  if (Array.isArray(value)) return value.every(plain);
  return typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(plain);
}

export function failure(a: Answer): Failure {
  const told = (a.body['error'] ?? {}) as Partial<Failure>;
  if (a.status === 0) return { name: 'Network error', message: 'The server could not be reached. Please try again.' };
  const [code, action] = [text(told.code), text(told.action)];
  return {
    name: text(told.name) ?? unclear.name,
    message: text(told.message) ?? text(a.body['message']) ?? `The server answered with status ${a.status}.`,
    statusCode: a.status,
    ...(code && { code }),
    ...(action && { action }),
    ...(told.errors && { errors: told.errors }),
  };
}

/** Token fields stay in the session. */
const tokens = ['token', 'accessToken', 'access_token', 'refreshToken', 'refresh_token', 'token_type', 'expires_in', 'expiresIn', 'refreshExpiresIn'];

/** Says that an action was carried out: a 200 of something else in between is not authd's word. */
const granted = (a: Answer): boolean => a.status === 200 && a.body['success'] === true;

function action(a: Answer): ActionAnswer {
  const rest = Object.fromEntries(Object.entries(a.body).filter(([name]) => !tokens.includes(name)));
  const target = a.body['redirectTo'];
  delete rest['redirectTo'];
  if (!granted(a)) return { success: false, error: failure(a), ...(isPath(target) && { redirectTo: target }) };
  if (leave(target)) return { success: true }; // a message would be gone with the page
  return { ...rest, success: true, ...(isPath(target) && { redirectTo: target }) };
}

function allMethods(options: Options, session: Session): Required<AuthProvider> {
  const table = onErrorTable(options);
  let leaving: Promise<Answer> | undefined;
  let sentAway = 0;

  const perform = async (path: string, body: Record<string, unknown>): Promise<ActionAnswer> =>
    taken(await ask(options, path, { method: 'POST', body }));

  const taken = async (answer: Answer): Promise<ActionAnswer> => {
    if (granted(answer)) await session.accept(answer);
    return action(answer);
  };

  const login = async (params: unknown): Promise<ActionAnswer> => {
    const body = fields(params);
    const to = body['providerName'] !== undefined && body['redirectPath'] === undefined ? cameFrom() : undefined;
    if (to) body['redirectPath'] = to;
    await session.settle();
    const elsewhere = body['providerName'] !== undefined && body['password'] === undefined && body['credential'] === undefined;
    if (!elsewhere) return perform('/login', body);
    const answer = await ask(options, '/login', { method: 'POST', body: { ...body, ...(await session.bind()) } });
    if (granted(answer) && answer.body['expiresIn'] === undefined) await session.left();
    return taken(answer);
  };

  const value = async (path: string): Promise<unknown> => {
    if ((await session.known()) === 'out') return null;
    const answer = await session.share(path);
    if (answer.status === 200) last.set(path, answer.value ?? null);
    if (!outage(answer) && answer.status !== 200) last.delete(path);
    return last.get(path) ?? null;
  };
  const last = new Map<string, unknown>();

  return {
    login,

    async logout(params) {
      const wanted = fields(params, ['redirectPath'])['redirectPath'];
      last.clear();
      leaving ??= session.end(isPath(wanted) || wanted === false ? wanted : undefined).finally(() => (leaving = undefined));
      const target = (await leaving).body['redirectTo'];
      if (wanted === false || leave(target)) return { success: true };
      const path = [wanted, target].find(isPath) ?? loginPath(options);
      return { success: true, redirectTo: path };
    },

    async check() {
      await session.settle();
      const known = await session.known();
      const out = (a?: Answer): CheckAnswer => {
        const target = a?.body['redirectTo'];
        return { authenticated: false, redirectTo: withoutQuery(isPath(target) ? target : loginPath(options)) };
      };
      if (known === 'out') return out();
      const answer = await session.share('/check');
      if (answer.body['authenticated'] === true) {
        await session.found();
        return { authenticated: true };
      }
      if (known === 'in' && (await session.known()) === 'in') return { authenticated: true }; // an outage says nothing
      if (!outage(answer)) last.clear();
      return out(answer);
    },

    async onError(error) {
      const status = statusOf(error);
      const rule = status === undefined ? undefined : match(await table(), status);
      if (!rule) return {};
      if (rule.refresh && (await session.revive()) !== 'dead') return {};
      if (rule.logout) {
        // Every failing request asks; refine would log out, and go to the login page, for each.
        if (Date.now() - sentAway < 1000) return {};
        sentAway = Date.now();
      }
      if (leave(rule.redirectTo) || !isPath(rule.redirectTo)) return rule.logout ? { logout: true } : {};
      const there = withoutQuery(rule.redirectTo) === page()?.pathname;
      return { ...(rule.logout && { logout: true }), ...(!there && { redirectTo: rule.redirectTo }) };
    },

    register: (params) => {
      const body = fields(params);
      return body['providerName'] !== undefined && body['password'] === undefined ? login(params) : perform('/register', body);
    },

    forgotPassword: (params) => perform('/forgot-password', fields(params)),

    // The page's address is mixed into these, and anybody can write a link. So
    // an account is named only for somebody who is not signed in, and shows the
    // old password: theirs must be changed before they may.
    updatePassword: async (params) => {
      const body = fields(params, ['password', 'confirmPassword', 'oldPassword', 'currentPassword', 'token']);
      const proved = body['oldPassword'] ?? body['currentPassword'];
      if (body['token'] === undefined && proved !== undefined && (await session.known()) !== 'in')
        Object.assign(body, fields(params, ['email', 'username', 'identifier', 'providerName']));
      const call = { method: 'POST', body } as const;
      const alone = ['token', 'email', 'username', 'identifier'].some((name) => body[name] !== undefined);
      return taken(await (alone ? ask(options, '/update-password', call) : session.ask('/update-password', call)));
    },

    getPermissions: () => value('/permissions'),
    getIdentity: () => value('/identity'),
  };
}

/** The status of an error of any data provider; undefined if there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const e = (error ?? {}) as { statusCode?: unknown; status?: unknown; response?: { status?: unknown } };
  for (const value of [e.statusCode, e.status, e.response?.status]) {
    const status = typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
    if (Number.isInteger(status) && status >= 100) return status;
  }
  return undefined;
}
