// Package avatar draws a picture for a name: five by five squares, mirrored,
// in a colour that also depends on the name.
package avatar

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
)

const cells = 5

// Avatar is a picture as it is served.
type Avatar struct {
	PNG  []byte
	ETag string
}

// Draw returns the avatar of name, size pixels wide and high.
func Draw(name string, size int) (Avatar, error) {
	seed := sha256.Sum256([]byte(name))
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{240, 240, 240, 255}), image.Point{}, draw.Src)

	ink := image.NewUniform(color.RGBA{seed[29] / 2, seed[30] / 2, seed[31] / 2, 255})
	margin := size / (2 * (cells + 1))
	side := (size - 2*margin) / cells
	for row := range cells {
		for column := range (cells + 1) / 2 {
			if seed[row*cells+column]%2 == 0 {
				continue
			}
			for _, x := range []int{column, cells - 1 - column} {
				at := image.Pt(margin+x*side, margin+row*side)
				draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}, ink, image.Point{}, draw.Src)
			}
		}
	}

	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return Avatar{}, fmt.Errorf("encode avatar of %s: %w", name, err)
	}
	sum := sha256.Sum256(b.Bytes())
	return Avatar{
		PNG:  bytes.Clone(b.Bytes()),
		ETag: `"` + hex.EncodeToString(sum[:8]) + `"`,
	}, nil
}
