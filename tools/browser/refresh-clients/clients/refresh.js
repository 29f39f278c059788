// The refresh callback of react-auth-kit's guide.
import './origin.js';
import axios from 'axios';

export const refreshApiCallback = async (param) => {
  try {
    const response = await axios.post('/refresh', param, {
      headers: { Authorization: `Bearer ${param.authToken}` },
    });
    return {
      isSuccess: true,
      newAuthToken: response.data.token,
      newAuthTokenExpireIn: 10,
      newRefreshTokenExpiresIn: 60,
    };
  } catch (error) {
    console.error(error);
    return { isSuccess: false };
  }
};

/**
 * What the tests do: sign in with the answer of authd, and look at the state.
 * Hooks tell what was true at the last render, hence rerender.
 */
export function expose({ signIn, toSignIn, header, isAuthenticated, rerender = () => {} }) {
  const outcome = (promise) => promise.then((r) => r.status, (e) => e.response?.status ?? String(e.message));
  window.client = {
    async login(email, password) {
      try {
        const { data } = await axios.post('/auth/login', { email, password });
        signIn.current(toSignIn(data));
        rerender();
        return { subject: data.user.id };
      } catch (error) {
        return { error: error.response?.data?.message ?? String(error) };
      }
    },
    get(times = 1) {
      rerender();
      const headers = { Authorization: header.current() };
      return Promise.all(Array.from({ length: times }, (_, i) => outcome(axios.get(`/api/things?${i}`, { headers }))));
    },
    signedIn() {
      rerender();
      return isAuthenticated.current();
    },
  };
  window.ready = true;
}
