// Reads messages as a Go service would: encoding/json into a struct (which ignores case), net/url for forms and queries.
package main

import (
	"encoding/json"
	"log"
	"net/url"
	"os"
	"strconv"
)

type message struct{ Kind, Text string }

type facts struct {
	Dataset     *string  `json:"dataset,omitempty"`
	Rows        *float64 `json:"rows,omitempty"`
	Destination *string  `json:"destination,omitempty"`
}

func main() {
	var messages []message
	if err := json.NewDecoder(os.Stdin).Decode(&messages); err != nil {
		log.Fatal(err)
	}
	read := make([]facts, len(messages))
	for at, each := range messages {
		if each.Kind == "json" {
			if err := json.Unmarshal([]byte(each.Text), &read[at]); err != nil {
				log.Fatal(each.Text, ": ", err)
			}
			continue
		}
		values, err := url.ParseQuery(each.Text)
		if err != nil {
			log.Fatal(each.Text, ": ", err)
		}
		if values.Has("dataset") {
			value := values.Get("dataset")
			read[at].Dataset = &value
		}
		if values.Has("destination") {
			value := values.Get("destination")
			read[at].Destination = &value
		}
		if rows, err := strconv.ParseFloat(values.Get("rows"), 64); err == nil {
			read[at].Rows = &rows
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(read); err != nil {
		log.Fatal(err)
	}
}
