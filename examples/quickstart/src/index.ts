export { prepareQuickstart } from './prepare.js';
