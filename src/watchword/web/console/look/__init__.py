"""What all pages share: icons, words, links, pictures, files that browsers keep."""
