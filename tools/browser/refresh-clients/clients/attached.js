// attachAxios of the npm package, on the axios that is published.
import { attachAxios, createAuthProvider } from '@authd/client';
import axios from 'axios';
import { authd } from './origin.js';
import { expose } from './page.js';

export function attached(transport) {
  const options = { baseUrl: authd, transport };
  const { login, getIdentity } = createAuthProvider(options);
  const instance = axios.create();
  attachAxios(instance, options);
  expose(instance);
  window.client.login = async (email, password) => {
    const { error } = await login({ email, password });
    return error ? { error: error.message } : { subject: (await getIdentity()).id };
  };
}
