import { attached } from './attached.js';

attached('cookie');
