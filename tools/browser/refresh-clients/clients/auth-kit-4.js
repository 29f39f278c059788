import { createElement as h, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import AuthProvider from 'react-auth-kit-4';
import createRefresh from 'react-auth-kit-4/refresh/createRefresh';
import createAuthStore from 'react-auth-kit-4/store/createAuthStore';
import useAuthHeader from 'react-auth-kit-4/hooks/useAuthHeader';
import useIsAuthenticated from 'react-auth-kit-4/hooks/useIsAuthenticated';
import useSignIn from 'react-auth-kit-4/hooks/useSignIn';
import { expose, refreshApiCallback } from './refresh.js';

const refresh = createRefresh({ interval: 240_000, refreshApiCallback }); // milliseconds
const store = createAuthStore('localstorage', { authName: '_auth', refresh });
const signIn = {}, header = {}, isAuthenticated = {};

function Inside({ rerender }) {
  const is = useIsAuthenticated();
  signIn.current = useSignIn();
  const authHeader = useAuthHeader();
  header.current = () => authHeader;
  isAuthenticated.current = () => (typeof is === 'function' ? is() : is);
  useEffect(() => expose({
    signIn, header, isAuthenticated, rerender,
    toSignIn: (data) => ({ auth: { token: data.token, type: 'Bearer' }, refresh: data.refreshToken, userState: { name: data.user.name } }),
  }), []);
  return null;
}

function App() {
  const [, set] = useState(0);
  return h(AuthProvider, { store }, h(Inside, { rerender: () => flushSync(() => set((n) => n + 1)) }));
}

createRoot(document.body).render(h(App));
