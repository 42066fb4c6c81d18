"""reeved(8) lists the options that the program's help lists, and no others."""

import os
import re
import subprocess
import unittest

from reeve import BUILD, ROOT, reeve_only


@reeve_only
class Manual(unittest.TestCase):
    def test_options(self):
        text = subprocess.run([os.path.join(BUILD, "reeved"), "-h"], text=True, check=True,
                              capture_output=True, stdin=subprocess.DEVNULL).stdout
        # Letter, name, and whether there is an argument.
        seen = re.findall(r"^ +(?:-(\w), +)?--(\w+)( [A-Z]+)?  ", text, re.M)
        with open(os.path.join(ROOT, "man/reeved.8"), encoding="utf-8") as f:
            listed = re.findall(r"^\.It Fl (?:(\w) , )?-(\w+)( Ar \w+)?$", f.read(), re.M)
        self.assertLess(15, len(seen))
        self.assertEqual(*(sorted((letter, name, bool(argument))
                                  for letter, name, argument in found)
                           for found in (seen, listed)))


if __name__ == "__main__":
    unittest.main()
