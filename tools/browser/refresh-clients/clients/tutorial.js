// The refine tutorial: axios-auth-refresh, a POST without a body, the cookie decides.
export function tutorial(axios, createAuthRefreshInterceptor, API_URL) {
  const axiosInstance = axios.create();

  axiosInstance.interceptors.request.use((config) => {
    const token = localStorage.getItem('token');
    if (token) config.headers['Authorization'] = `Bearer ${token}`;
    return config;
  });

  const refreshAuthLogic = (failedRequest) =>
    axiosInstance.post(`${API_URL}/auth/token/refresh`).then((tokenRefreshResponse) => {
      localStorage.setItem('token', tokenRefreshResponse.data.token);
      failedRequest.response.config.headers['Authorization'] = `Bearer ${tokenRefreshResponse.data.token}`;
      return Promise.resolve();
    });

  createAuthRefreshInterceptor(axiosInstance, refreshAuthLogic);
  return axiosInstance;
}
