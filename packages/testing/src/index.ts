export { startJudgeEndpoint, type JudgeEndpoint } from './judge-endpoint.js';
