import './origin.js';
import axios from 'axios';
import createAuthRefreshInterceptor from 'axios-auth-refresh-3';
import { expose } from './page.js';
import { tutorial } from './tutorial.js';

expose(tutorial(axios, createAuthRefreshInterceptor, ''));
