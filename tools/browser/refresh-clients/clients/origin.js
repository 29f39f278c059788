// Where authd and the API are, if they are not at the page's own origin. Cookies
// go there only with withCredentials. Every instance is made with these defaults.
import axios from 'axios';

const baseURL = document.querySelector('meta[name="authd-url"]')?.content;
if (baseURL) Object.assign(axios.defaults, { baseURL, withCredentials: true });

export const authd = baseURL;
