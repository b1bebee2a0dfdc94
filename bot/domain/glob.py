"""IAM's wildcards: `*` is any run of characters, `?` any one; nothing else is special."""


def glob_match(pattern: str, text: str) -> bool:
    """Whether the whole text matches, upper and lower case alike.

    Takes len(pattern) * len(text) steps at most. A regular expression made from the pattern could take
    exponentially many, and patterns come from policies that anybody in an account may have written.
    """
    pattern, text = pattern.lower(), text.lower()
    at, seen, star, resume = 0, 0, -1, 0
    while seen < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, seen
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[seen]):
            at, seen = at + 1, seen + 1
        elif star >= 0:
            resume += 1
            at, seen = star + 1, resume
        else:
            return False
    return pattern[at:].strip("*") == ""
