"""cpp.py: just enough of C++ for tools/tidy: code without comments and strings, and functions."""

import re

TOKEN = re.compile(
    r'(?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\((?:.|\n)*?\)(?P=mark)")'
    r'|(?P<line>//(?:[^\n\\]|\\(?:.|\n))*)'
    r'|(?P<block>/\*(?:.|\n)*?\*/)'
    r'|(?P<string>"(?:[^"\\\n]|\\(?:.|\n))*")'
    # a quote after a digit or letter separates digits: 1'000
    r"|(?P<char>(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+')")

NOT_FUNCTIONS = re.compile(r"\b(?:namespace|class|struct|enum|union|extern|export|concept)\b")


def blank(text):
    """The text as spaces, its line ends kept."""
    return re.sub(r"[^\n]", " ", text)


def split(text):
    """(code, comments): both as long as the text, each with the other and all strings blanked."""
    code, comments, at = [], [], 0
    for match in TOKEN.finditer(text):
        gap, found = text[at:match.start()], match.group()
        at = match.end()
        code += [gap, found[0] + blank(found[1:-1]) + found[-1]
                 if match.group("string") or match.group("char") else blank(found)]
        comments += [blank(gap), found if match.group("line") or match.group("block")
                     else blank(found)]
    code.append(text[at:])
    comments.append(blank(text[at:]))
    return "".join(code), "".join(comments)


def closing(code, opening, pair="{}"):
    """The index of the brace that closes the one at `opening`; the end of the code if none does."""
    depth = 0
    for index in range(opening, len(code)):
        if code[index] == pair[0]:
            depth += 1
        elif code[index] == pair[1]:
            depth -= 1
            if depth == 0:
                return index
    return len(code) - 1


def without_preprocessor(code):
    """Macro definitions have braces of their own kind."""
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\(?:.|\n))*", lambda m: blank(m.group()), code,
                  flags=re.MULTILINE)


def name_of(head):
    """The name of the function whose head this is."""
    match = re.search(r"([~\w:]+|operator[^\s(]*)\s*\(", head)
    if match and match.group(1) in ("TEST", "TEST_F", "TEST_P"):
        words = re.match(r"[^(]*\(([^)]*)\)", head[match.start():])
        return words.group(1).replace(",", ".").replace(" ", "") if words else match.group(1)
    return match.group(1) if match else "?"


def functions(code):
    """(name, offset of the opening brace, offset of the closing one) of every outermost function.

    A brace opens a function if what stands before it, since the last `;`, `{` or `}`, has a
    parameter list and is no namespace, type or initialiser. Braces that initialise a member
    (`: a_{1} {`) are followed by `,` or `{`, which nothing follows that is a body.
    """
    code = without_preprocessor(code)
    found, index, start, depth = [], 0, 0, 0
    while index < len(code):
        c = code[index]
        if c in "()":
            depth += 1 if c == "(" else -1
        elif c in ";}" and depth == 0:
            start = index + 1
        elif c == "{" and depth > 0:
            index = closing(code, index)
        elif c == "{":
            head = code[start:index]
            end = closing(code, index)
            after = code[end + 1:end + 200].lstrip()[:1]
            if re.search(r"=\s*$", head):
                index = end
            elif "(" in head and not NOT_FUNCTIONS.search(head.split("(")[0]):
                if after not in (",", "{"):
                    found.append((name_of(head), index, end))
                    start = end + 1
                index = end
            elif NOT_FUNCTIONS.search(head):
                start = index + 1
            elif head.strip():
                index = end  # a variable: std::string name{...};
            else:
                start = index + 1
        index += 1
    return found


def statement_lines(code, opening, end):
    """The lines between a function's braces, without tables: brace blocks that have no `;`."""
    lines = code.count("\n", opening, end) - 1
    index = opening + 1
    while index < end:
        if code[index] == "{":
            last = closing(code, index)
            if ";" not in code[index:last]:
                lines -= max(0, code.count("\n", index, last) - 1)
                index = last
        index += 1
    return lines
