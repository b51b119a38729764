// A service with hono.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { follower } from 'handstamp-follower';
import { signedIn } from 'handstamp-follower/hono';

const tokens = follower({ issuer: process.env.ISSUER, client: 'billing', secret: process.env.SECRET });
const app = new Hono();
app.get('/hello', signedIn(tokens), context => context.json({ message: `Hello, ${context.get('claims').username}!` }));
serve({ fetch: app.fetch, port: Number(process.env.PORT) }, ({ port }) => console.log(`port ${port}`));
