// Reads a step a line from stdin, answers a line on stdout; what `refusal` knows is an answer too.
"use strict";
const readline = require("node:readline");

exports.serve = async (steps, refusal) => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { step, ...given } = JSON.parse(line);
    let answer;
    try {
      answer = { result: await steps[step](given) };
    } catch (error) {
      const known = refusal(error);
      answer = known ? { refused: known } : { unexpected: String(error.stack || error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
};
