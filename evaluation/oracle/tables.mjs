#!/usr/bin/env node
/**
 * The TypeScript compiler's answer to "which table does this call touch?".
 *
 *   node evaluation/oracle/tables.mjs APP [--functions convex] [--at FILE]
 *
 * Lists every `db.get / patch / replace / delete` in the function directory, one JSON object per line, sorted by file
 * and position:
 *
 *   file      path relative to APP, `/`-joined
 *   line, column   1-based, of the operation's name (`patch` in `ctx.db.patch`)
 *   end_line  last line of the call
 *   op        get | patch | replace | delete
 *   form      id (`db.get(id)`) | table (`db.get("t", id)`) | table-object (`db.table("t").get(id)`)
 *   tables    sorted table names of the static type `Id<"t">` of the id argument (in the form `table`: of the table
 *             argument), or null where the compiler knows none
 *   why       null, or why `tables` is null: any | unknown | string | never | other
 *   id        text of the id argument
 *   within    name of the top-level declaration the call stands in ("default" for a default export), or null
 *   test      true where the file registers no functions because its name has more than one dot
 *
 * The compiler and the Convex types are the app's own (`typescript` and `convex` under APP/node_modules or a parent).
 * A checkout without `_generated/` gets the standard content of Convex's static code generation, in memory: nothing is
 * written into the app. A summary for the reader goes to stderr.
 *
 * Exit codes: 0 done, 2 wrong usage or no compiler found.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const OPERATIONS = new Map([
  ["get", 1],
  ["delete", 1],
  ["patch", 2],
  ["replace", 2],
]);
const DATABASE_TYPE = /^(Generic|Base|System)?(Database|Table)(Reader|Writer)/;
const COLLECTION_TYPE = /^(Map|Set|WeakMap|WeakSet|URLSearchParams|Headers|FormData|ReadonlyMap|Cache)$/;
const SOURCE_FILE = /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;

/** APP, functions directory and output file from the command line. */
function parseArguments(argv) {
  const options = { app: null, functions: null, at: null };
  for (let i = 0; i < argv.length; i += 1) {
    if (argv[i] === "--functions") options.functions = argv[(i += 1)];
    else if (argv[i] === "--at") options.at = path.resolve(argv[(i += 1)]);
    else if (options.app === null && !argv[i].startsWith("-")) options.app = path.resolve(argv[i]);
    else fail(`unexpected argument ${argv[i]}`);
  }
  if (options.app === null) fail("usage: tables.mjs APP [--functions DIR] [--at FILE]");
  options.functions ??= functionsFromConfig(options.app) ?? "convex";
  return options;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function functionsFromConfig(app) {
  try {
    return JSON.parse(fs.readFileSync(path.join(app, "convex.json"), "utf8")).functions ?? null;
  } catch {
    return null;
  }
}

function loadCompiler(app, functions) {
  for (const base of [functions, app]) {
    try {
      return createRequire(path.join(base, "package.json"))("typescript");
    } catch {
      // the next base
    }
  }
  return fail(`no "typescript" package can be found from ${app}: install it there first`);
}

/** Every source file below `directory` that may hold functions or helpers, sorted. */
function sourceFiles(directory) {
  const found = [];
  const visit = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === "node_modules" || entry.name.startsWith(".")) continue;
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== "_generated") visit(full);
      } else if (SOURCE_FILE.test(entry.name) && !/\.d\.[cm]?ts$/.test(entry.name)) found.push(full);
    }
  };
  visit(directory);
  return found.sort();
}

const registersNothing = (file) => path.basename(file).split(".").length > 2;

/** Convex's standard generated declarations, for each of the three files the checkout lacks: path to text. */
function missingGenerated(functions, files) {
  const folder = path.join(functions, "_generated");
  const overlay = new Map();
  const add = (name, text) => {
    const present = [".d.ts", ".ts"].some((ending) => fs.existsSync(path.join(folder, name + ending)));
    if (!present) overlay.set(path.join(folder, `${name}.d.ts`), text);
  };
  const schema = ["schema.ts", "schema.js"].find((name) => fs.existsSync(path.join(functions, name)));
  add("dataModel", dataModelDeclarations(schema !== undefined));
  add("server", SERVER_DECLARATIONS);
  const modules = files
    .filter((file) => !registersNothing(file) && !/^schema\.[jt]s$/.test(path.basename(file)))
    .map((file) => path.relative(functions, file).split(path.sep).join("/").replace(/\.[^.]+$/, ""));
  add("api", apiDeclarations(modules));
  return overlay;
}

function dataModelDeclarations(hasSchema) {
  if (!hasSchema) {
    return `import type { AnyDataModel } from "convex/server";
import type { GenericId } from "convex/values";
export type TableNames = string;
export type Doc<TableName extends string = string> = any;
export type Id<TableName extends string = string> = GenericId<TableName>;
export type DataModel = AnyDataModel;
`;
  }
  return `import type { DataModelFromSchemaDefinition, DocumentByName, TableNamesInDataModel, SystemTableNames }
  from "convex/server";
import type { GenericId } from "convex/values";
import schema from "../schema.js";
export type TableNames = TableNamesInDataModel<DataModel>;
export type Doc<TableName extends TableNames> = DocumentByName<DataModel, TableName>;
export type Id<TableName extends TableNames | SystemTableNames> = GenericId<TableName>;
export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
`;
}

const SERVER_DECLARATIONS = `import type {
  ActionBuilder, HttpActionBuilder, MutationBuilder, QueryBuilder,
  GenericActionCtx, GenericMutationCtx, GenericQueryCtx, GenericDatabaseReader, GenericDatabaseWriter,
} from "convex/server";
import type { DataModel } from "./dataModel.js";
export declare const query: QueryBuilder<DataModel, "public">;
export declare const internalQuery: QueryBuilder<DataModel, "internal">;
export declare const mutation: MutationBuilder<DataModel, "public">;
export declare const internalMutation: MutationBuilder<DataModel, "internal">;
export declare const action: ActionBuilder<DataModel, "public">;
export declare const internalAction: ActionBuilder<DataModel, "internal">;
export declare const httpAction: HttpActionBuilder;
export type QueryCtx = GenericQueryCtx<DataModel>;
export type MutationCtx = GenericMutationCtx<DataModel>;
export type ActionCtx = GenericActionCtx<DataModel>;
export type DatabaseReader = GenericDatabaseReader<DataModel>;
export type DatabaseWriter = GenericDatabaseWriter<DataModel>;
`;

function apiDeclarations(modules) {
  const name = (module) => `m_${module.replace(/[^A-Za-z0-9]/g, "_")}`;
  return `import type { ApiFromModules, FilterApi, FunctionReference } from "convex/server";
${modules.map((module) => `import type * as ${name(module)} from "../${module}.js";`).join("\n")}
declare const fullApi: ApiFromModules<{
${modules.map((module) => `  ${JSON.stringify(module)}: typeof ${name(module)};`).join("\n")}
}>;
export declare const api: FilterApi<typeof fullApi, FunctionReference<any, "public">>;
export declare const internal: FilterApi<typeof fullApi, FunctionReference<any, "internal">>;
export declare const components: any;
`;
}

/** A program over the function directory, with the app's own compiler options and the overlay in place of files. */
function createProgram(ts, app, functions, files, overlay) {
  const config = [functions, app]
    .map((folder) => path.join(folder, "tsconfig.json"))
    .find((candidate) => fs.existsSync(candidate));
  const parsed = config
    ? ts.parseJsonConfigFileContent(ts.readConfigFile(config, ts.sys.readFile).config, ts.sys, path.dirname(config))
    : { options: {} };
  const options = {
    ...parsed.options,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowJs: true,
    strict: parsed.options.strict ?? true,
    jsx: parsed.options.jsx ?? ts.JsxEmit.ReactJSX,
    lib: undefined,
    types: undefined,
    noEmit: true,
    noLib: false,
    composite: false,
    incremental: false,
    skipLibCheck: true,
    customConditions: undefined,
  };
  const host = ts.createCompilerHost(options, true);
  const key = (file) => path.resolve(file);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.fileExists = (file) => overlay.has(key(file)) || fileExists.call(host, file);
  host.readFile = (file) => overlay.get(key(file)) ?? readFile.call(host, file);
  host.directoryExists = (folder) =>
    [...overlay.keys()].some((file) => path.dirname(file) === key(folder)) || directoryExists.call(host, folder);
  host.getSourceFile = (file, language, ...rest) =>
    overlay.has(key(file))
      ? ts.createSourceFile(file, overlay.get(key(file)), language, true)
      : getSourceFile.call(host, file, language, ...rest);
  return ts.createProgram([...files, ...overlay.keys()], options, host);
}

/** The expression without parentheses, casts and non-null marks. */
function bare(ts, node) {
  let current = node;
  while (
    ts.isParenthesizedExpression(current) ||
    ts.isAsExpression(current) ||
    ts.isNonNullExpression(current) ||
    ts.isTypeAssertionExpression(current) ||
    ts.isSatisfiesExpression?.(current)
  ) {
    current = current.expression;
  }
  return current;
}

/** db | table-object | null: what the receiver of the call is. Its type decides; where that is lost, its name does. */
function receiverKind(ts, checker, receiver) {
  const node = bare(ts, receiver);
  const type = checker.getTypeAtLocation(receiver);
  const parts = type.isUnionOrIntersection() ? type.types : [type];
  const names = parts.flatMap((part) => [part.aliasSymbol?.name, part.symbol?.name]).filter(Boolean);
  const isTable =
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === "table" &&
    receiverKind(ts, checker, node.expression.expression) === "db";
  if (isTable) return "table-object";
  if (names.some((name) => DATABASE_TYPE.test(name))) return names.some((name) => /Table/.test(name)) ? "table-object" : "db";
  if (names.some((name) => COLLECTION_TYPE.test(name))) return null;
  if (ts.isIdentifier(node)) return node.text === "db" ? "db" : null;
  if (ts.isPropertyAccessExpression(node)) {
    if (node.name.text === "db") return "db";
    return node.name.text === "system" && receiverKind(ts, checker, node.expression) === "db" ? "db" : null;
  }
  return null;
}

/** Table names of a string-literal type or a union of them; null where any part is wider. */
function literals(type) {
  const parts = type.isUnion() ? type.types : [type];
  return parts.length > 0 && parts.every((part) => part.isStringLiteral()) ? parts.map((part) => part.value) : null;
}

/** The tables an `Id<…>` type names, or why it names none. */
function tablesOfId(ts, checker, given, node) {
  const flags = ts.TypeFlags;
  const resolve = (type) => {
    if (type.flags & flags.Any) return { why: "any" };
    if (type.flags & flags.Unknown) return { why: "unknown" };
    if (type.flags & flags.Never) return { why: "never" };
    const tag = type.getProperty?.("__tableName");
    if (tag) {
      const names = checker.getTypeOfSymbolAtLocation(tag, node);
      const known = literals(names.flags & flags.TypeParameter ? checker.getBaseConstraintOfType(names) ?? names : names);
      return known ? { tables: known } : { why: names.flags & flags.Any ? "any" : "other" };
    }
    if (type.flags & flags.Instantiable) {
      const constraint = checker.getBaseConstraintOfType(type);
      return constraint && constraint !== type ? resolveUnion(constraint) : { why: "unknown" };
    }
    return { why: type.flags & flags.StringLike ? "string" : "other" };
  };
  const resolveUnion = (type) => {
    const parts = (type.isUnion() ? type.types : [type]).filter((part) => !(part.flags & (flags.Null | flags.Undefined)));
    const answers = parts.map(resolve);
    const failed = answers.find((answer) => answer.why);
    return failed ?? (answers.length ? { tables: answers.flatMap((answer) => answer.tables) } : { why: "never" });
  };
  return resolveUnion(given);
}

/** Name of the top-level declaration around a node: an exported const, a function, "default", or null. */
function topLevelName(ts, node) {
  let current = node;
  let variable = null;
  while (current.parent && !ts.isSourceFile(current.parent)) {
    if (ts.isVariableDeclaration(current)) variable = current;
    current = current.parent;
  }
  if (ts.isExportAssignment(current)) return "default";
  if (ts.isVariableStatement(current)) return variable && ts.isIdentifier(variable.name) ? variable.name.text : null;
  if (ts.isFunctionDeclaration(current) || ts.isClassDeclaration(current)) return current.name?.text ?? "default";
  return null;
}

/** The record of one call, or null where it is not a database operation on a document. */
function describeCall(ts, checker, source, call, app) {
  const callee = call.expression;
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const op = callee.name.text;
  if (!OPERATIONS.has(op) || call.arguments.length === 0) return null;
  const kind = receiverKind(ts, checker, callee.expression);
  if (kind === null) return null;
  const plain = OPERATIONS.get(op);
  const form = kind === "table-object" ? kind : call.arguments.length > plain ? "table" : "id";
  const id = call.arguments[form === "table" ? 1 : 0];
  const answer = form === "table" ? tableArgument(checker, call) : tablesOfId(ts, checker, checker.getTypeAtLocation(id), id);
  const position = source.getLineAndCharacterOfPosition(callee.name.getStart(source));
  return {
    file: path.relative(app, source.fileName).split(path.sep).join("/"),
    line: position.line + 1,
    column: position.character + 1,
    end_line: source.getLineAndCharacterOfPosition(call.getEnd()).line + 1,
    op,
    form,
    tables: answer.tables ? [...new Set(answer.tables)].sort() : null,
    why: answer.tables ? null : answer.why,
    id: id.getText(source).replace(/\s+/g, " "),
    within: topLevelName(ts, call),
    test: registersNothing(source.fileName),
  };
}

function tableArgument(checker, call) {
  const tables = literals(checker.getTypeAtLocation(call.arguments[0]));
  return tables ? { tables } : { why: "other" };
}

function listCalls(ts, program, files, app) {
  const checker = program.getTypeChecker();
  const rows = [];
  for (const file of files) {
    const source = program.getSourceFile(file);
    if (!source) continue;
    const visit = (node) => {
      if (ts.isCallExpression(node)) {
        const row = describeCall(ts, checker, source, node, app);
        if (row) rows.push(row);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  const order = (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column);
  return rows.sort(order);
}

/** Modules the compiler could not find from the function directory: each makes types `any`. */
function unresolvedModules(ts, program, files) {
  const missing = new Set();
  for (const file of files) {
    const source = program.getSourceFile(file);
    for (const problem of source ? program.getSemanticDiagnostics(source) : []) {
      if (problem.code !== 2307 && problem.code !== 7016) continue;
      const quoted = ts.flattenDiagnosticMessageText(problem.messageText, "\n").match(/'([^']+)'/);
      if (quoted) missing.add(quoted[1]);
    }
  }
  return [...missing].sort();
}

function main() {
  const { app, functions: relative, at } = parseArguments(process.argv.slice(2));
  const functions = path.join(app, relative);
  if (!fs.existsSync(functions)) fail(`no function directory at ${functions}: name it with --functions`);
  process.chdir(app); // the compiler looks for @types from here
  const ts = loadCompiler(app, functions);
  const files = sourceFiles(functions);
  const overlay = missingGenerated(functions, files);
  const program = createProgram(ts, app, functions, files, overlay);
  const missing = unresolvedModules(ts, program, files); // first: it checks whole files, in the order of tsc
  const rows = listCalls(ts, program, files, app);
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  if (at) fs.writeFileSync(at, text);
  else process.stdout.write(text);
  const known = rows.filter((row) => row.tables !== null).length;
  process.stderr.write(
    `${rows.length} calls, ${known} with a table; typescript ${ts.version}; ` +
      `generated in memory: ${[...overlay.keys()].map((file) => path.basename(file)).join(", ") || "nothing"}; ` +
      `modules not found: ${missing.join(", ") || "none"}\n`,
  );
}

main();
