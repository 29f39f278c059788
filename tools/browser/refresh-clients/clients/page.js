// What the tests do with an axios instance: sign in as the guide does, and ask
// the API.
export function expose(instance) {
  const outcome = (promise) => promise.then((r) => r.status, (e) => e.response?.status ?? String(e.message));
  window.client = {
    async login(email, password) {
      try {
        const { data } = await instance.post('/auth/login', { email, password });
        localStorage.setItem('token', data.token);
        localStorage.setItem('accessToken', data.accessToken);
        localStorage.setItem('refreshToken', data.refreshToken);
        return { subject: data.user.id };
      } catch (error) {
        return { error: error.response?.data?.message ?? String(error) };
      }
    },
    /** That many requests at once; their statuses. */
    get: (times = 1) => Promise.all(Array.from({ length: times }, (_, i) => outcome(instance.get(`/api/things?${i}`)))),
  };
  window.ready = true;
}
