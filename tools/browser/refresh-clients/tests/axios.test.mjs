import { suite } from './axios.mjs';

suite({});
