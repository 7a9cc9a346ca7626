package p

// The error of an acquisition is never looked at, though what came with it is used at once.

type index interface {
	Words(prefix string) (words, error)
}

type words interface {
	Next() (string, error)
	Close() error
}

func collect(from index, prefix string, take func(string) error) ([]string, error) {
	dict, err := from.Words(prefix) // review: the error was never checked
	all := make([]string, 0, 25)
	word, err := dict.Next()
	for err == nil && word != "" {
		if err = take(word); err != nil {
			return nil, err
		}
		all = append(all, word)
		word, err = dict.Next()
	}
	if err = dict.Close(); err != nil {
		return nil, err
	}
	return all, nil
}
