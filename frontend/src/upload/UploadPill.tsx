import { Upload } from "lucide-react";
import { Link } from "react-router";

import { formatPercent, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { totals } from "./queue";
import { useUploads } from "./UploadContext";
import classes from "./upload.module.css";

/** In the bar of every page while files are on their way. */
export function UploadPill() {
  const items = useUploads();
  const sum = totals(items);
  const first = items.find((item) => item.status === "sending" || item.status === "waiting");
  if (!sum.sending || !first) return null;
  return (
    <Link to={paths.footage(first.project)} className={classes.pill}>
      <Upload size={14} aria-hidden />
      <span>
        <span className="visually-hidden">Uploading {plural(sum.files - sum.finished, "file")}: </span>
        {formatPercent(sum.bytes > 0 ? sum.sent / sum.bytes : 0)}
      </span>
    </Link>
  );
}
