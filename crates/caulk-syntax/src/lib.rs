//! Go text to tokens to a tree with byte spans and comments; never fails. Does not know packages.
