import { attached } from './attached.js';

attached('bearer');
