// An API on Express 5. A live token for everything, one with the scope `deploy` for /deploy.
import express from 'express';
import { verify } from './apitoken.mjs';

const mayPass = (scope) => async (request, response, next) => {
  const { token, refusal } = await verify(request, scope);
  if (refusal) return response.status(refusal.status).set(refusal.headers).end();
  request.token = token;
  return next();
};

const app = express();
app.all('/deploy', mayPass('deploy'));
app.use(mayPass());
app.use((request, response) => void response.json(request.token));
app.listen(3000, '127.0.0.1');
