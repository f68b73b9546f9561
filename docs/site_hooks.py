"""Hooks that build the site from the Markdown files and the docstrings.

Pages keep their paths relative to the root of the repository, so links between
them work on GitHub and on the site.
"""

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = ('*.md', 'docs/**/*.md', 'configs/*/README.md', 'runtime/*.md')
PACKAGE = 'mmdet_msrcnn'
# Packages for tools and tests, not for configs and users.
INTERNAL = ('lab', 'utils')
ROLE = re.compile(r':\w+:`([^`]+)`')
LINK = re.compile(r'\]\(([^)#\s]+)')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace the files of docs/ with the pages of the repository."""
    pages = sorted(
        path.relative_to(ROOT).as_posix()
        for pattern in PAGES
        for path in ROOT.glob(pattern)
    )
    own = {name: file(name, config) for name in pages}
    for name in pages:
        for target in linked(name, (ROOT / name).read_text('utf-8')):
            if (ROOT / target).is_file():
                own.setdefault(target, file(target, config))
            elif not (ROOT / target / 'README.md').exists():
                own |= folder(target, config)
    for name, text in api_pages():
        own[name] = File.generated(config, name, content=text)
        pages.append(name)
    config.nav = expand(config.nav, pages)
    theme = [entry for entry in files if entry.src_dir != config.docs_dir]
    return Files([*theme, *own.values()])


def on_page_markdown(markdown: str, page: Page, **kwargs) -> str:
    """Point links to a folder to its README."""

    def readme(match: re.Match) -> str:
        is_folder = (ROOT / resolve(page.file.src_uri, match[1])).is_dir()
        return f'{match[0].rstrip("/")}/README.md' if is_folder else match[0]

    return LINK.sub(readme, markdown)


def file(name: str, config: MkDocsConfig) -> File:
    return File(name, str(ROOT), config.site_dir, config.use_directory_urls)


def resolve(page: str, link: str) -> str:
    """Resolve a link of a page to a path from the root."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def linked(page: str, text: str) -> Iterator[str]:
    """List the files and folders of the repository that a page links to."""
    for link in LINK.findall(text):
        target = resolve(page, link)
        if not target.startswith('..') and (ROOT / target).exists():
            yield target


def folder(name: str, config: MkDocsConfig) -> dict[str, File]:
    """Collect the files of a folder without README, and a page with a list."""
    names = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / name).rglob('*'))
        if path.is_file() and path.suffix != '.pyc'
    ]
    rows = (posixpath.relpath(path, name) for path in names)
    text = '\n'.join([f'# {name}\n', *(f'- [{row}]({row})' for row in rows)])
    page = File.generated(
        config,
        f'{name}/README.md',
        content=text,
        inclusion=InclusionLevel.NOT_IN_NAV,
    )
    return {f.src_uri: f for f in (page, *(file(n, config) for n in names))}


def api_pages() -> Iterator[tuple[str, str]]:
    """Make a page for each public package, with a section per module."""
    # Show the registries, although they have no docstrings.
    option = '    options: {show_if_no_docstring: true}\n'
    yield 'api/registry.md', api_page('registry', ['registry']) + option
    for path in sorted((ROOT / PACKAGE).rglob('__init__.py')):
        name = '.'.join(path.parent.relative_to(ROOT / PACKAGE).parts)
        modules = sorted(path.parent.glob('[a-z]*.py'))
        if name and modules and name.split('.')[0] not in INTERNAL:
            names = [f'{name}.{module.stem}' for module in modules]
            yield f'api/{name}.md', api_page(name, names)


def api_page(title: str, modules: list[str]) -> str:
    sections = (f'::: {PACKAGE}.{module}\n' for module in modules)
    return '\n'.join([f'# {title}\n', *sections])


def expand(nav: list, pages: list[str]) -> list:
    """Replace the patterns of a nav with pages; leave out missing pages."""
    rest = [page for page in pages if page not in leaves(nav)]

    def entries(item: dict | list | str) -> list:
        if isinstance(item, dict):
            ((title, value),) = item.items()
            found = entries(value)
            if isinstance(value, str) and '*' not in value:
                return [{title: page} for page in found]
            return [{title: found}] if found else []
        if isinstance(item, list):
            return [entry for value in item for entry in entries(value)]
        if item in pages:
            return [item]
        return [page for page in rest if fnmatch(page, item)]

    return entries(nav)


def leaves(item: dict | list | str) -> list[str]:
    if isinstance(item, str):
        return [item]
    values = item.values() if isinstance(item, dict) else item
    return [leaf for value in values for leaf in leaves(value)]


class WithoutRoles(griffe.Extension):
    """Extension that replaces roles like ``:obj:`ConfigDict``` by names."""

    def on_object(self, *, obj: griffe.Object, **kwargs) -> None:
        if obj.docstring:
            obj.docstring.value = ROLE.sub(r'\1', obj.docstring.value)
