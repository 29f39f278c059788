// The guide of Vuexy and its neighbours: one interceptor, both tokens in localStorage.
import './origin.js';
import axios from 'axios';
import { expose } from './page.js';

const axiosIns = axios.create();

axiosIns.interceptors.request.use((config) => {
  const token = localStorage.getItem('accessToken');
  if (token) config.headers.Authorization = `Bearer ${token}`;
  return config;
});

axiosIns.interceptors.response.use(
  (response) => response,
  (error) => {
    const { config, response: { status } } = error;
    const originalRequest = config;

    if (status === 401) {
      return axiosIns.post('/auth/refresh-token', { refreshToken: localStorage.getItem('refreshToken') }).then(({ data }) => {
        if (data.accessToken) {
          localStorage.setItem('accessToken', data.accessToken);
          localStorage.setItem('refreshToken', data.refreshToken);
          axiosIns.defaults.headers.common.Authorization = `Bearer ${data.accessToken}`;
          return axiosIns(originalRequest);
        }
      });
    }
    return Promise.reject(error);
  },
);

expose(axiosIns);
