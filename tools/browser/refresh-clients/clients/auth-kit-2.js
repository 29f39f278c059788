import { createElement as h, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { AuthProvider, createRefresh, useAuthHeader, useIsAuthenticated, useSignIn } from 'react-auth-kit-2';
import { expose, refreshApiCallback } from './refresh.js';

const refresh = createRefresh({ interval: 4, refreshApiCallback }); // minutes, whatever the guide says; less than an access token lives
const signIn = {}, header = {}, isAuthenticated = {};

function Inside() {
  signIn.current = useSignIn();
  header.current = useAuthHeader();
  isAuthenticated.current = useIsAuthenticated();
  useEffect(() => expose({
    signIn, header, isAuthenticated,
    toSignIn: (data) => ({
      token: data.token, tokenType: 'Bearer', expiresIn: 10, authState: { name: data.user.name },
      refreshToken: data.refreshToken, refreshTokenExpireIn: 60,
    }),
  }), []);
  return null;
}

createRoot(document.body).render(h(AuthProvider, { authType: 'localstorage', authName: '_auth', refresh }, h(Inside)));
