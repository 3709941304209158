<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en_US">
 <context>
  <name>MedNCASegment</name>
  <message>
   <source>MedNCA Segment</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Click on an organ: a neural cellular automaton of a few thousand parameters segments it, shows where it is unsure and says whether to trust the result. Everything is computed on this computer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>After M3D-NCA and Med-NCA by Kalkhof, González and Mukhopadhyay, TU Darmstadt.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Something else is being computed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The segmentation was cancelled.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The search was cancelled.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{names} not installed; segment once from the panel, which installs what is missing.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Needs {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A phantom was segmented.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bad requests were refused.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A request was cancelled.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Inputs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Volume:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The image to segment.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vtkMRMLScalarVolumeNode</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>inputVolume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What to look for. Bundled models and your own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Try it on a sample head</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Downloads Slicer's sample MRHead (7 MB, once) and segments both hippocampi.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment both sides</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Click to segment</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Then click on the organ in a slice view: it is segmented at once. Click again for the other side. Key: C</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Undo the last</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Take the last click and what came of it back. Key: U</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment whole volume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>For a volume that is already cropped around one organ, or a model that needs no click.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment again</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Verdict</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No result yet</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Click on the organ, or segment the whole volume.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>One row per structure. The last column: between which values the Dice (overlap with what an expert would draw; 1 is the same) of most such results lies.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Target Dice:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>How good the segmentation must be for your purpose. The verdict follows at once; nothing is run again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>targetDice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Volumes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Of the segments as they are now, in ml. Asymmetry: left minus right, over the mean of both.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Put the table on the clipboard, for a spreadsheet or a report.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Save</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Write the table as CSV.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Statistics</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open Slicer's Segment Statistics with these segments.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Several volumes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The volumes of the scene. Those that are checked are segmented by the button below. Volumes in ml.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment all that are checked</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Put the table, with all parts, on the clipboard, for a spreadsheet or a report.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Write the table, with all parts, as CSV.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Review</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Variance of the ensemble's members as a colored layer over the image.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Show where it is unsure</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>showOverlay</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Color legend in the slice views.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Legend</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>showLegend</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Opacity:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Opacity of the layer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>opacity</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Hide below:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Voxels with less variance are not shown. 0.25 is the most there can be.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>threshold</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most uncertain regions:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Click on a row to see the place in all slice views. May move: how much further out or in the outline may lie. Reviewed: what you did there; it is kept with the scene.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Previous</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Move all slice views to the previous place. Key: P</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Next</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Move all slice views to the next place. Key: N</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Accept</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The outline is right at this place: on to the next that is not reviewed. Key: A</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Edit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Correct the segments by hand, in Slicer's Segment Editor. Key: E</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Output</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segmentation:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Results are added to it; its other segments stay as they are.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>(Create a new one)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vtkMRMLSegmentationNode</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>segmentation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Show the segments as surfaces in the 3D view.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Show 3D</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>show3D</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Advanced</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Ensemble members:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>More members take longer and say more about uncertainty. Fewer than 5 give no verdict.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>As the model says</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>members</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Seed:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The same seed gives the same result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>seed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Device:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Where to compute. These models are small enough for the processor.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>device</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Memory limit:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Memory that the image, the computation and the results may take; large volumes are then computed in tiles, with the same result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Automatic</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source> MB</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>memoryLimit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Adds a volume with the ensemble's mean probability.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Keep the mean-probability volume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>keepProbability</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Models:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Import...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Add a model from a zip file to your own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Write the chosen model as a zip file for others.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open folder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Where your own models are.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Log</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Copy the log to the clipboard.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.batch</name>
  <message>
   <source>The volume was removed before it could be segmented.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.click_placement</name>
  <message>
   <source>{volume} clicks</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.dependencies</name>
  <message>
   <source>{name} {needed} (now {version})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The packages are being installed; wait until that is done.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>MedNCA needs Python packages that are not installed yet, or are too old: {names}.

They are downloaded once (PyTorch: 100 to 200 MB, with support for NVIDIA cards 2 to 3 GB; the others: 1 MB) and take 0.5 to 6 GB on disk. Afterward MedNCA works offline. Install them now?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>MedNCA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{names} not installed; nothing can be segmented or trained without.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The installation ended, but {names} cannot be found. Restart Slicer and try again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch is not installed, and neither is the PyTorch extension that installs it. Add the extension PyTorch in the Extensions Manager, restart Slicer, then try again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch could not be installed: {cause}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch was not installed; see the Python console for the reason.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The Python packages could not be installed: {cause}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.help_page</name>
  <message>
   <source>Help</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What this section is for.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.hotspot_list</name>
  <message>
   <source>Where</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>May move</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reviewed</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.messages</name>
  <message>
   <source>Likely good enough</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Check before use</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Likely not good enough</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No verdict</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No result yet</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>expected Dice {dice}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice, {share} %</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice interval</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Corrected by hand</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Corrected by hand since it was segmented: the verdict was on what was there before.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Click on the organ, or segment the whole volume.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No verdict: {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Even the low end of the interval reaches the target of {target}. Please look at it all the same.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The target of {target} lies within the interval: check the most uncertain regions below.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The expected Dice is below the target of {target}: correct it, or do not use it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>It lies {distance} mm from the click.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NQM (how much the runs disagree; 0 is not at all): {nqm}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Other pieces of {volume} ml were found and left out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>inside</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>right surface</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>left surface</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>anterior surface</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>posterior surface</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>inferior surface</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>superior surface</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{distance} mm out</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{distance} mm in</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{volume} mm³ are doubtful; the runs differ there by up to ±{deviation}. R, A, S: {position} mm.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>looked at</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>accepted</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>corrected</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most uncertain regions: all {count} reviewed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most uncertain regions: {done} of {count} reviewed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>, but the model was trained on {low:.0f} to {high:.0f} mm; click on the organ instead</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{members} ensemble member(s) are too few to measure uncertainty; use {least} or more</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>nothing was found</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>this model has no calibration: nobody measured what its uncertainty means</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the result reaches the edge of the image or of the field of view, so part of the structure may be missing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the structure found lies {distance:.0f} mm from the click; it may not be what was clicked on</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>other pieces of {volume:.2g} ml were found beside the one that is kept; the wrong one may be kept</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the voxels ({shown} mm) are outside the range accepted for this model ({low:g} to {high:g} mm)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the image field is {extent:.0f} mm left-right</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the image field is {extent:.0f} mm front-back</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the image field is {extent:.0f} mm up-down</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the result has {volume:.2g} ml, outside the {low:.2g} to {high:.2g} ml of plausible structures</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>left</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>right</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Left</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Right</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment both sides</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Find and segment</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Looks for the organ where it usually lies, and segments what it finds. No click is needed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>For a volume that is already cropped around one organ, or a model that needs no click.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Nothing was found on the {side}: click on it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Nothing was found in {volume} where the organ usually lies: click on it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Volume {number} of {count}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Measured Dice on {cases} unseen cases: {parts}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Nobody has measured how good it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{count} parameters.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Not calibrated: there will be no verdict.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Terms: {terms}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancelling</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Starting: loading PyTorch (some seconds, once per session)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Waiting</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Handing over the volume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reading the volume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Looking for the organ</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Running the ensemble</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Handing back the result</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>, click {which}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>, {seconds} s left</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Stop what is being computed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment again</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>At all points, with what is chosen now.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose a volume and a model, then click on the organ.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>There is no model {asked} here; {chosen} is chosen instead.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The slice views show {name}: it is chosen now.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>That view shows {seen}, but {chosen} is chosen: choose {seen} as the volume, then click.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The last result, of {volume}, was corrected by hand. Take it back all the same?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The last result of {volume} was taken back.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Done in {seconds:.1f} s.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segmentation failed: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The result of {volume} is in {segmentation}: choose that volume to see it.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.model_chooser</name>
  <message>
   <source>{model} may be used on these terms only:

{terms}

Do you accept them?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The terms of {model} were not accepted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{id} (broken)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose a model first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No models found.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Import a model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Models (*.zip)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model was not imported.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model {id} imported.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export the model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model was not exported.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model written to {path}.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.pairing</name>
  <message>
   <source>{name} was made on another volume; results go into a segmentation of their own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{segmentation} belongs to {volume}, which is chosen now.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.record</name>
  <message>
   <source>its record is damaged ({error})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A result in {name} is not shown: {why}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The record</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The report</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{segmentation} belongs to {owner}, not to {name}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{segmentation} was made on another volume than {name}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose a segmentation of {name}, or none, and a new one is made.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.requests</name>
  <message>
   <source>The volume was changed meanwhile; the result is not used.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The volume was removed before it could be segmented.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The volume was removed meanwhile; the result is not used.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.result_view</name>
  <message>
   <source>Structure</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Verdict</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.results</name>
  <message>
   <source>at the click in {name}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>in {name}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Nothing was found {where}, and nothing was added. Click on the middle of the organ; check the model.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.review</name>
  <message>
   <source>Unsure</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.sample_data</name>
  <message>
   <source>A T1-weighted head for MedNCA Segment: Slicer's own sample MRHead.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The sample could not be downloaded ({why}); load a T1-weighted head of your own.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.several_volumes</name>
  <message>
   <source>Sum</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Asymmetry</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Volume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Part</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Verdict</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment all that are checked</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>One after the other, as if each was chosen and segmented by itself.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Running</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Not segmented</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The volumes are on the clipboard.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Save the volumes</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.tables</name>
  <message>
   <source>Tables (*.csv)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The volumes were not saved: {why}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Volumes written to {path}.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.volume_card</name>
  <message>
   <source>Together</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ml</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Sum</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Asymmetry</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Volume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The volumes are on the clipboard.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Save the volumes</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.volumes</name>
  <message>
   <source>The volume has no voxels; choose another one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is a color or vector volume; a scalar volume is needed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The axes of {name} do not span a volume; check its transform.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is under a non-linear transform; harden the transform or remove it, then segment.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.ways</name>
  <message>
   <source>Choose a volume and a model first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This model does not say where its organ usually lies: click on it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The volume shows little more than one organ: segment it as a whole, or click.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.worker_client</name>
  <message>
   <source>Worker started.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch is loaded; the worker is ready.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker left no result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker does not answer; it is ended.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker could not be started: {cause}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker ended unexpectedly (exit code {code}). {tail}</source>
   <translation type="unfinished" />
  </message>
 </context>
</TS>
