// Prints how a WHATWG URL parser resolves each target of redirects.txt on the
// page https://app.example.com/login: "same" for the page's own origin,
// "listed" for https://other.example.com, "away" for anywhere else, and
// "invalid" for what is no URL. Node's URL class is the parser of browsers.
import { readFileSync } from "node:fs";
const page = "https://app.example.com/login";
const lines = readFileSync(process.argv[2], "utf8").split("\n").filter((l) => l && !l.startsWith("#"));
for (const line of lines) {
  const target = JSON.parse(line.split("\t")[0]);
  let where = "invalid";
  try {
    const { origin } = new URL(target, page);
    where = origin === "https://app.example.com" ? "same" : origin === "https://other.example.com" ? "listed" : "away";
  } catch {}
  console.log(where);
}
