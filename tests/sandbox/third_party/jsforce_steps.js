// The steps of clients.py with jsforce.
"use strict";
const jsforce = require("jsforce");
const { serve } = require("./steps");

const connection = new jsforce.Connection({
  instanceUrl: process.env.SANDBOX_URL,
  accessToken: process.env.SANDBOX_TOKEN,
  version: "60.0",
});
const contacts = connection.sobject("Contact");

const STATUS = { NOT_FOUND: 404, ENTITY_IS_DELETED: 404, REQUIRED_FIELD_MISSING: 400 };

const steps = {
  create: async ({ fields }) => (await contacts.create(fields)).id,
  read: async ({ id, name }) => (await contacts.retrieve(id))[name],
  update: async ({ id, fields }) => (await contacts.update({ Id: id, ...fields })).success,
  upsert: async ({ key, fields }) =>
    (await contacts.upsert({ ...fields, Tieline_Id__c: key }, "Tieline_Id__c")).success,
  pages: async () => {
    const found = [];
    let page = await connection.query("SELECT Id FROM Contact");
    for (;;) {
      found.push(...page.records.map((row) => row.Id));
      if (page.done) return found;
      page = await connection.queryMore(page.nextRecordsUrl);
    }
  },
  batch: async ({ updates }) => {
    const rows = updates.map(([id, fields]) => ({ Id: id, ...fields }));
    const answers = await contacts.update(rows, { allOrNone: false });
    return answers.filter((one) => !one.success).map((one) => one.errors[0].statusCode);
  },
  delete: async ({ id }) => (await contacts.destroy(id)).success,
};

// jsforce tells the vendor's code and keeps the status to itself
serve(steps, (error) => error.errorCode && { status: STATUS[error.errorCode], code: error.errorCode });
