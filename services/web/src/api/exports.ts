/** Lists as the server writes them, all rows of the question and not only those on the screen. */

import { saveFile } from "../format/csv";
import { address, ask, type Query } from "./http";

export async function saveExport(name: string, query: Query): Promise<void> {
  const answer = await ask(address(`/exports/${name}`, query));
  saveFile(name, await answer.blob());
}
