// The steps of clients.py with @hubspot/api-client.
"use strict";
const hubspot = require("@hubspot/api-client");
const { serve } = require("./steps");

const client = new hubspot.Client({
  accessToken: process.env.SANDBOX_TOKEN,
  basePath: process.env.SANDBOX_URL,
  numberOfApiCallRetries: 0,
});
const contacts = client.crm.contacts;

const steps = {
  create: async ({ fields }) =>
    (await contacts.basicApi.create({ properties: fields, associations: [] })).id,
  read: async ({ id, name }) => (await contacts.basicApi.getById(id, [name])).properties[name],
  update: async ({ id, fields }) =>
    (await contacts.basicApi.update(id, { properties: fields })).id === id,
  upsert: async ({ key, fields }) => {
    const one = { id: key, idProperty: "email", properties: { ...fields, email: key } };
    return (await contacts.batchApi.upsert({ inputs: [one] })).results.length === 1;
  },
  pages: async ({ size }) => {
    const found = [];
    for (let after; ; ) {
      const page = await contacts.basicApi.getPage(size, after);
      found.push(...page.results.map((record) => record.id));
      after = page.paging?.next?.after;
      if (!after) return found;
    }
  },
  batch: async ({ updates }) => {
    const inputs = updates.map(([id, properties]) => ({ id, properties }));
    const answer = await contacts.batchApi.update({ inputs });
    return (answer.errors || []).map((error) => error.category);
  },
  delete: async ({ id }) => {
    await contacts.basicApi.archive(id);
    return true;
  },
};

serve(steps, (error) => {
  if (!error.code) return null;
  const body = typeof error.body === "string" ? {} : error.body || {};
  return { status: error.code, code: body.category || "" };
});
