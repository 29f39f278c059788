// The page is at another origin than authd and the API, which name it.
import { suite } from './axios.mjs';

suite({ elsewhere: true });
