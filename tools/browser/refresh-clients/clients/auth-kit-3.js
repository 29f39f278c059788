import { createElement as h, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import AuthProvider from 'react-auth-kit-3';
import createRefresh from 'react-auth-kit-3/createRefresh';
import createStore from 'react-auth-kit-3/createStore';
import useAuthHeader from 'react-auth-kit-3/hooks/useAuthHeader';
import useIsAuthenticated from 'react-auth-kit-3/hooks/useIsAuthenticated';
import useSignIn from 'react-auth-kit-3/hooks/useSignIn';
import { expose, refreshApiCallback } from './refresh.js';

const refresh = createRefresh({ interval: 4, refreshApiCallback }); // minutes, and less than an access token lives
const store = createStore({ authName: '_auth', authType: 'localstorage', refresh });
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

// The timer of this version starts when AuthProvider renders again.
function App() {
  const [, set] = useState(0);
  return h(AuthProvider, { store }, h(Inside, { rerender: () => flushSync(() => set((n) => n + 1)) }));
}

createRoot(document.body).render(h(App));
