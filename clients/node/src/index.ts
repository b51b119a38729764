export { Follower, follower, type Claims, type Settings } from './follower.js';
export { InvalidToken, MissingToken, NotAccepted, RevokedToken, Unknown, bearer } from './errors.js';
