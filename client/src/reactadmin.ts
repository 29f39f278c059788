import { createAuthProvider, type ActionAnswer } from './provider.js';
import { type Options } from './options.js';

/** react-admin's AuthProvider, of version 5. */
export interface ReactAdminProvider {
  login(params: unknown): Promise<{ redirectTo?: string } | void>;
  logout(params?: unknown): Promise<string | false | void>;
  checkAuth(params?: unknown): Promise<void>;
  checkError(error: unknown): Promise<void>;
  getIdentity(params?: unknown): Promise<{ id: string; fullName?: string; avatar?: string }>;
  getPermissions(params?: unknown): Promise<unknown>;
}

/** Makes react-admin's authProvider. Failures reject, as it expects. */
export function createReactAdminProvider(options: Options = {}): ReactAdminProvider {
  const p = createAuthProvider(options);
  return {
    login: async (params) => {
      const { redirectTo } = await good(p.login(params));
      return redirectTo ? { redirectTo } : undefined;
    },
    logout: async (params) => (await p.logout(params)).redirectTo,
    checkAuth: async () => {
      const { authenticated, redirectTo } = await p.check();
      if (!authenticated) throw refusal(redirectTo);
    },
    checkError: async (error) => {
      const { logout, redirectTo } = await p.onError(error);
      if (logout) throw refusal(redirectTo);
      if (redirectTo) throw Object.assign(refusal(redirectTo), { logoutUser: false });
    },
    getIdentity: async () => {
      const who = p.getIdentity ? await p.getIdentity() : null;
      if (!who) throw new Error('Nobody is signed in.');
      return who as { id: string; fullName?: string; avatar?: string };
    },
    getPermissions: async () => (p.getPermissions ? p.getPermissions() : null),
  };
}

async function good(answer: Promise<ActionAnswer>): Promise<ActionAnswer> {
  const a = await answer;
  if (!a.success) throw Object.assign(new Error(a.error?.message), a.error);
  return a;
}

/** message: false keeps react-admin from showing anything: a session that is over is no error. */
function refusal(redirectTo?: string): Error {
  return Object.assign(new Error('The session is over.'), { message: false, ...(redirectTo && { redirectTo }) });
}
