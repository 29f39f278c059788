import { createAuthProvider, type ActionAnswer } from './provider.js';
import { page, type Options } from './options.js';

/** The provider of refine v3, and of v4 under the name legacyAuthProvider. */
export interface LegacyAuthProvider {
  login(params: unknown): Promise<void | string | false>;
  logout(params?: unknown): Promise<void | string | false>;
  checkAuth(params?: unknown): Promise<void>;
  checkError(error: unknown): Promise<void>;
  register?(params: unknown): Promise<void | string | false>;
  forgotPassword?(params: unknown): Promise<void | string | false>;
  updatePassword?(params: unknown): Promise<void | string | false>;
  getPermissions(params?: unknown): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any
  getUserIdentity(params?: unknown): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/**
 * Makes the provider of refine v3. There a rejection is an answer: failures
 * reject with a title and a text, a missing session with nothing.
 */
export function createLegacyAuthProvider(options: Options = {}): LegacyAuthProvider & Required<Pick<LegacyAuthProvider, 'register' | 'forgotPassword' | 'updatePassword'>> {
  const p = createAuthProvider(options);
  const all = {
    login: async (params: unknown) => path(await p.login(params)),
    logout: async (params?: unknown) => path(await p.logout(params)),
    checkAuth: async () => {
      if (!(await p.check()).authenticated) return Promise.reject();
    },
    checkError: async (error: unknown) => {
      const { logout, redirectTo } = await p.onError(error);
      if (logout) return Promise.reject(redirectTo);
      if (redirectTo) page()?.assign(redirectTo); // v3 has no word for going somewhere without logging out
    },
    register: async (params: unknown) => path(await p.register(params)),
    forgotPassword: async (params: unknown) => path(await p.forgotPassword(params)),
    updatePassword: async (params: unknown) => path(await p.updatePassword(params)),
    getPermissions: async () => (p.getPermissions ? p.getPermissions() : null),
    getUserIdentity: async () => (p.getIdentity ? p.getIdentity() : null),
  };
  const optional = ['register', 'forgotPassword', 'updatePassword'] as const;
  for (const name of optional) if (!(name in p)) delete (all as Partial<typeof all>)[name];
  return all;
}

/** undefined means the default of the method in v3, "/" after a login. */
function path(answer: ActionAnswer): Promise<string | undefined> {
  if (answer.success) return Promise.resolve(answer.redirectTo);
  return Promise.reject(answer.error);
}
