"""Tables inside a page of the documentation."""

import json
import re
from pathlib import Path

from mmdet_msrcnn.lab.reproduction.cells import fill_table, without_paper
from mmdet_msrcnn.lab.reproduction.paper import CLASS_SCORE, COCO, Table
from mmdet_msrcnn.lab.reproduction.protocols import (
    BACKBONES,
    END_TO_END,
    R18,
)
from mmdet_msrcnn.lab.reproduction.render import to_markdown
from mmdet_msrcnn.lab.reproduction.tables import OTHER_TABLES, TABLES

BLOCK = re.compile(
    r'(<!-- table: (\S+) (\S+)(?: (\d+) seeds)? -->\n).*?(<!-- end -->)',
    re.DOTALL,
)


def table_of(name: str, protocol: str) -> Table:
    """Find a table; keep the paper's figures only if they are comparable.

    Args:
        name (str): A key of ``TABLES`` or ``OTHER_TABLES``.
        protocol (str): A key of ``PROTOCOLS``, or the name of a folder of
            its results.

    Returns:
        Table: The table. The paper's figures are for one protocol, so others
        do not have them, nor rows of other systems. There are no rows if the
        protocol lacks the metric. The R-18 rows have the
        protocol's backbone.
    """
    table = (TABLES | OTHER_TABLES)[name]
    if protocol != table.paper_protocol:
        table = without_paper(table)
    if table.protocols and protocol not in table.protocols:
        return table._replace(rows=())
    if protocol == COCO:
        return table
    table = small_scale(table)
    # Another detector has results of its own, such as animals_detector1.
    protocol = protocol.partition('_')[0]
    if protocol not in BACKBONES:
        return table
    variant, words = BACKBONES[protocol]
    return table._replace(
        title=table.title.replace('R-18', words),
        rows=tuple(
            row._replace(
                label=row.label.replace('R-18', words),
                variant=row.variant and row.variant.replace(R18, variant),
            )
            for row in table.rows
        ),
        reference=table.reference and table.reference.replace(R18, variant),
    )


def small_scale(table: Table) -> Table:
    """Name the rows that small protocols train end to end, with R-18.

    Args:
        table (Table): Any table, without rows of other systems.

    Returns:
        Table: The same table if it has no ``backbone``.
    """
    if table.backbone is None:
        return table
    name, words = table.backbone

    def renamed(variant: str | None) -> str:
        return (variant or '').replace(name, R18) + END_TO_END

    return table._replace(
        title=table.title.replace(words, 'R-18 FPN'),
        rows=tuple(
            row._replace(variant=renamed(row.variant)) for row in table.rows
        ),
        reference=renamed(table.reference),
    )


def load_results(folder: Path) -> dict[str, list[dict]]:
    """Read the results of a protocol.

    Args:
        folder (Path): Folder with ``VARIANT/seedN.json``.

    Returns:
        dict[str, list[dict]]: Results by variant, in order of seeds.
    """
    results: dict[str, list[dict]] = {}
    for path in sorted(folder.glob('*/seed*.json')):
        result = json.loads(path.read_text())
        results.setdefault(result['variant'], []).append(result)
    return results


def first_seeds(
    results: dict[str, list[dict]], seeds: int
) -> dict[str, list[dict]]:
    """Keep the results of the first seeds, so that rows are comparable.

    Args:
        results (dict[str, list[dict]]): Results by variant.
        seeds (int): Number of seeds.

    Returns:
        dict[str, list[dict]]: Those with a seed below this number.
    """
    kept = {
        variant: [result for result in found if result['seed'] < seeds]
        for variant, found in results.items()
    }
    return {variant: found for variant, found in kept.items() if found}


def fill_page(text: str, folder: Path) -> str:
    """Rewrite the tables of a page.

    Args:
        text (str): Markdown with ``<!-- table: PROTOCOL TABLE -->`` and
            ``<!-- end -->`` around each table. ``TABLE 2 seeds`` leaves out
            the results of all seeds but the first two.
        folder (Path): Folder with ``PROTOCOL/VARIANT/seedN.json``.

    Returns:
        str: The page. Rows without a result or a figure of the paper are
        left out.

    Raises:
        ValueError: If a table is unknown, or it has nothing to show.
    """

    def fill(match: re.Match) -> str:
        begin, protocol, name, seeds, end = match.groups()
        results = load_results(folder / protocol)
        if seeds is not None:
            results = first_seeds(results, int(seeds))
        known = [*TABLES, *OTHER_TABLES]
        if name not in known or not (results or protocol == 'coco'):
            raise ValueError(
                f'The page has the table {protocol} {name}, which is unknown '
                f'or has no results. The tables are {known}; the '
                f'results are in {folder}/PROTOCOL.'
            )
        table = table_of(name, protocol)
        table = table._replace(
            rows=tuple(
                row
                for row in table.rows
                if row.variant in results or any(row.paper)
            ),
            reference=(
                table.reference
                if table.reference in (CLASS_SCORE, *results)
                else None
            ),
        )
        return begin + to_markdown(table, fill_table(table, results, {})) + end

    return BLOCK.sub(fill, text)
